/** HiveMQ Community Edition on loopback, open to everybody, nothing written to disk: FOLDER PORT. */
import com.hivemq.embedded.EmbeddedExtension;
import com.hivemq.embedded.EmbeddedHiveMQ;
import com.hivemq.extension.sdk.api.ExtensionMain;
import com.hivemq.extension.sdk.api.auth.SimpleAuthenticator;
import com.hivemq.extension.sdk.api.parameter.ExtensionStartInput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStartOutput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStopInput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStopOutput;
import com.hivemq.extension.sdk.api.services.Services;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

public class HiveMq {
    static final String CONFIGURATION = """
        <hivemq>
          <listeners><tcp-listener><bind-address>127.0.0.1</bind-address><port>%s</port></tcp-listener></listeners>
          <persistence><mode>in-memory</mode></persistence>
          <anonymous-usage-statistics><enabled>false</enabled></anonymous-usage-statistics>
        </hivemq>
        """;

    /** Without an authenticator it lets nobody in. */
    static class OpenDoor implements ExtensionMain {
        @Override public void extensionStart(ExtensionStartInput input, ExtensionStartOutput output) {
            SimpleAuthenticator everybody = (in, out) -> out.authenticateSuccessfully();
            Services.securityRegistry().setAuthenticatorProvider(ignored -> everybody);
        }

        @Override public void extensionStop(ExtensionStopInput input, ExtensionStopOutput output) { }
    }

    static Path folder(Path parent, String name) throws IOException {
        return Files.createDirectories(parent.resolve(name));
    }

    public static void main(String[] arguments) throws Exception {
        Path home = Path.of(arguments[0]), conf = folder(home, "conf");
        Files.writeString(conf.resolve("config.xml"), CONFIGURATION.formatted(arguments[1]));
        EmbeddedExtension door = EmbeddedExtension.builder().withId("open-door").withName("open door").withVersion("1")
            .withAuthor("interop").withPriority(0).withStartPriority(1000).withExtensionMain(new OpenDoor()).build();
        EmbeddedHiveMQ broker = EmbeddedHiveMQ.builder().withConfigurationFolder(conf)
            .withDataFolder(folder(home, "data")).withExtensionsFolder(folder(home, "extensions"))
            .withEmbeddedExtension(door).build();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> broker.stop().join()));
        broker.start().join();
        Thread.currentThread().join();
    }
}
