/// What one event loop keeps for reading bodies that are here whole: such a body is read without taking memory.
///
/// Confined to its loop and used between two suspensions only: not Sendable, no lock.
public final class BodyReaders {
    var request = RequestReader()
    var usage = UsageReader(.whole)

    public init() {}
}
