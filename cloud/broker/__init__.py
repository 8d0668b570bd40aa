"""The embedded MQTT broker: mosquitto as a supervised child with configuration of ours."""
