/// How often something that was handed on may be used before it ends: a delegation that says so.
public struct UsageLimit: Hashable, Sendable {
    /// What is counted, by 128 bits of its hash.
    public struct Key: Hashable, Sendable {
        public let high: UInt64
        public let low: UInt64

        public init(high: UInt64, low: UInt64) {
            self.high = high
            self.low = low
        }
    }

    public let key: Key
    /// The most uses; zero admits none.
    public let most: Int
    /// When it ends, and its count may be forgotten.
    public let ends: UnixTime

    public init(key: Key, most: Int, ends: UnixTime) {
        self.key = key
        self.most = most
        self.ends = ends
    }
}
