"""The stage for stories with real systems by other authors."""
