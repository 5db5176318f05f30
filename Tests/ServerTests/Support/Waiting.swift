/// Something that a test waited for and that did not come.
struct NeverHappened: Error, CustomStringConvertible {
    let what: String
    var description: String { "never happened: \(what)" }
}

/// Waits until `condition` holds.
/// - Throws: `NeverHappened` after ten seconds.
func wait(for what: String, _ condition: () async throws -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(10)
    var pause = 0.25
    while try await !condition() {
        guard ContinuousClock.now < end else { throw NeverHappened(what: what) }
        try await Task.sleep(for: .milliseconds(pause))
        // Many may wait at once, and long waiting is rare.
        pause = min(pause * 1.3, 10)
    }
}
