"""Database: base of the models, sessions with their organisation scope, and the one write path.

Importing the package arms the scope rules for every session of the process.
"""

from cloud.database import scope as scope
