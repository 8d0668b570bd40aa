"""``packwitness-edge doctor``: checks what a table needs and says what to do.

A subject is one file of ``subjects`` and one line of ``examination.SUBJECTS``. Each is looked at in
a process of its own, for a bounded time: a driver that hangs or crashes is a finding.
"""
