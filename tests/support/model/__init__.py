"""A stateful model of the service: plain facts, random operations, and a comparison of both after each step.

The model allows these exceptions:

- A fault can end an operation that the client does not repeat. Each part of the service then shows the photo or album
  either as before the operation or as after it.
- A deleted or renamed album reaches its photos later if a fault strikes. The model sweeps before it compares.
- The trash becomes empty later if a fault strikes the request. The model sweeps before it compares.
- The data of a cancelled account is listed until its job has run. The model runs the job before it compares.
- A version that arrives beside a confirmed one stays if its event is lost. Only the reconciliation finds it.
- The sweep runs at least once a month, because tombstones expire after 90 days.
- A client repeats a request that creates something, with the same `Idempotency-Key`.
"""
