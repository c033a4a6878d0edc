// Who may do what in MongoDB. The image runs it once, on MONGO_INITDB_DATABASE, when it makes the data.
db.createUser({ user: "projector", pwd: process.env.INNKEEP_PROJECTOR_PASSWORD, roles: ["readWrite"] });
db.createUser({ user: "query-api", pwd: process.env.INNKEEP_QUERY_API_PASSWORD, roles: ["read"] });
