public import OstiaryCore

/// What became of an answer.
public struct Delivery: Sendable {
    public let status: Int
    /// Body bytes handed to the client's connection.
    public let bytesOut: Int
    /// When the head was written.
    public let firstByte: MonotonicTime
    public let ended: MonotonicTime
    /// Who ended the answer before it was complete; `nil` when it is complete.
    public let cut: Entry.Cut?
}
