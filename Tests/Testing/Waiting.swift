/// Waits until `condition` holds, for what has no bell to ring: asks again and again.
/// - Throws: `NothingHappened` after ten seconds, which end a test that hangs and decide nothing else.
public func wait(for what: String, _ condition: () async throws -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(30)
    var pause = 0.25
    while try await !condition() {
        guard ContinuousClock.now < end else { throw NothingHappened(what) }
        try await Task.sleep(for: .milliseconds(pause))
        // Many may wait at once, and long waiting is rare.
        pause = min(pause * 1.3, 10)
    }
}
