// The Mochi MQTT server, open to everybody, at the address given.
package main

import (
	"log"
	"os"
	"os/signal"
	"syscall"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"
)

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	broker := mqtt.New(nil)
	must(broker.AddHook(&auth.AllowHook{}, nil))
	must(broker.AddListener(listeners.NewTCP(listeners.Config{ID: "only", Address: os.Args[1]})))
	must(broker.Serve())
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM)
	<-end
	broker.Close()
}
