"""The MQTT side of the cloud: takes in photos and manifests, answers, tells progress and advice.

Nothing else in the cloud speaks MQTT. A receipt leaves only after the photo store and the database
have what it stands for (invariant 4); a PUBACK means nothing here but flow control.
"""
