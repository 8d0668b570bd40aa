"""HTTP for programs: enrolment of tables, and later pushes from marketplaces."""
