"""The doors that the worker comes through: the queue, its jobs, the sweeper, the processes."""
