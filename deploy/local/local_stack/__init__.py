"""Private servers on 127.0.0.1 for the stack without containers and for tests.

Owns how PostgreSQL, RabbitMQ and the document store are started, found ready and stopped. Knows nothing of Innkeep's
processes. Importing it starts and reads nothing.
"""
