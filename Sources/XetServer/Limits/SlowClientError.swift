/// A client took its answer more slowly than it has to.
struct SlowClientError: Error {}
