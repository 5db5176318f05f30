/// One value for each worker, made on its loop and touched nowhere else.
public final class PerLoop<Value>: Sendable {
    private let values: [LoopConfined<Value>]
    private let crew: Crew

    /// Makes the values, each on its loop.
    public init(_ crew: Crew, _ make: @escaping @Sendable (Worker) -> Value) async throws {
        self.crew = crew
        values = try await crew.onEach(make)
    }

    /// The value of `worker`, for code that runs on its loop; `nil` for a worker of another crew.
    public subscript(worker: Worker) -> Value? {
        values.indices.contains(worker.index) ? values[worker.index].value : nil
    }

    /// Runs `body` for each value on its loop, and returns when all have done so.
    public func forEach(_ body: @escaping @Sendable (Value, Worker) -> Void) async {
        // Fails only when the loops are gone, and the values with them.
        _ = try? await crew.onEach { [self] worker in
            if let value = self[worker] { body(value, worker) }
        }
    }
}
