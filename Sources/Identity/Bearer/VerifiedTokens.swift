import OstiaryCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Tokens that one event loop has verified, so that each is verified once in five minutes and not once a request.
///
/// Confined to its loop: not Sendable, no lock. Found by a keyed hash and known by all their bytes, compared one by one
/// (SEC-203). Bounded in number and in bytes. Eight places for each value of the hash's low bits; when they are full,
/// the one not used for longest makes room, and where the bytes are too many, the one not used for longest in the next
/// set that has any.
///
/// Only successes are entered, none is believed for longer than five minutes, than the token lives, than its key set
/// may be used, or than the key generation lasts; each of these is checked at every hit. A token that has expired since
/// stays for the rest of its five minutes, to be told so without another look at its signature.
public final class VerifiedTokens {
    /// What is known of a token.
    enum Finding {
        case known(Identity)
        /// It is genuine, and its time is over.
        case expired
        /// Nothing that still holds.
        case unknown
    }

    private struct Place {
        var token: [UInt8] = []
        var from = 0.0
        var until = 0.0
        var recheck = MonotonicTime(nanoseconds: .min)
        var generation: UInt64 = 0
        var used: UInt64 = 0
        /// `nil` in a free place.
        var identity: Identity?
    }

    private static let ways = 8
    /// Seconds for which a verification is believed.
    static let longest = 300.0

    private let hash: KeyedHash
    /// The hashes, apart from the rest so that the eight of one set share a cache line.
    private var hashes: [UInt64]
    private var places: [Place]
    private let mask: Int
    private let byteLimit: Int
    private var uses: UInt64 = 0
    /// The set from which bytes are taken next.
    private var hand = 0
    private let tally: VerifiedTokenTally
    private let figures: VerifiedTokenFigures

    /// - Parameters:
    ///   - capacity: how many tokens to remember, rounded up to eight times a power of two.
    ///   - bytes: how many bytes all of them together may have.
    ///   - hash: where tokens are put; random for each memory unless a test needs it fixed.
    ///   - figures: where to count; shared by all loops.
    init(capacity: Int, bytes: Int = 16 << 20, hash: KeyedHash = KeyedHash(), figures: VerifiedTokenFigures) {
        var sets = 1
        while sets * Self.ways < min(capacity, 1 << 24) { sets *= 2 }
        mask = sets - 1
        byteLimit = bytes
        hashes = Array(repeating: 0, count: sets * Self.ways)
        places = Array(repeating: Place(), count: sets * Self.ways)
        self.hash = hash
        self.figures = figures
        tally = figures.open(capacity: sets * Self.ways, bytes: bytes)
    }

    deinit {
        figures.close(tally)
    }

    /// How many tokens are remembered.
    private(set) var count = 0
    /// How many bytes they have.
    private(set) var bytes = 0

    /// What is known of `token`. Allocates nothing.
    func look(for token: Span<UInt8>, now: UnixTime, at moment: MonotonicTime, generation: UInt64) -> Finding {
        guard let index = index(of: token, hash(token)), let identity = places[index].identity else { return .unknown }
        guard places[index].generation == generation, moment < places[index].recheck else {
            forget(index)
            tally.entries(count, bytes: bytes)
            return .unknown
        }
        // A wall clock set back can make a known token one of the future; it is not forgotten for that.
        guard places[index].from <= now.seconds else { return .unknown }
        uses &+= 1
        places[index].used = uses
        guard now.seconds < places[index].until else { return .expired }
        tally.hit()
        return .known(identity)
    }

    /// Remembers a token verified at `moment`, unless it alone has more bytes than all may have.
    func remember(_ token: Span<UInt8>, _ verified: VerifiedToken, at moment: MonotonicTime) {
        guard token.count <= byteLimit else { return }
        let hash = hash(token)
        let index: Int
        if let known = self.index(of: token, hash) {
            index = known
            forget(known)
        } else {
            index = room(for: hash)
        }
        while bytes + token.count > byteLimit { forgetOne() }
        uses &+= 1
        hashes[index] = hash
        places[index] = Place(
            token: Array(copying: token),
            from: verified.window.from,
            until: verified.window.until,
            recheck: min(moment.advanced(bySeconds: Self.longest), verified.keysUntil),
            generation: verified.generation,
            used: uses,
            identity: verified.identity
        )
        count += 1
        bytes += token.count
        tally.entries(count, bytes: bytes)
    }

    private func index(of token: Span<UInt8>, _ hash: UInt64) -> Int? {
        let start = self.start(hash)
        for index in start..<start + Self.ways where hashes[index] == hash {
            if places[index].identity != nil, Self.areSame(places[index].token, token) { return index }
        }
        return nil
    }

    /// A free place for the hash, made if need be.
    private func room(for hash: UInt64) -> Int {
        let start = self.start(hash)
        for index in start..<start + Self.ways where places[index].identity == nil { return index }
        let oldest = longestUnused(in: start) ?? start
        evict(oldest)
        return oldest
    }

    /// Frees the bytes of one token. Only asked for while there are any.
    private func forgetOne() {
        for _ in 0...mask {
            let start = hand * Self.ways
            hand = (hand + 1) & mask
            if let oldest = longestUnused(in: start) {
                evict(oldest)
                return
            }
        }
    }

    private func longestUnused(in start: Int) -> Int? {
        var oldest: Int?
        for index in start..<start + Self.ways where places[index].identity != nil {
            if let found = oldest, places[found].used < places[index].used { continue }
            oldest = index
        }
        return oldest
    }

    private func start(_ hash: UInt64) -> Int {
        (Int(truncatingIfNeeded: hash) & mask) &* Self.ways
    }

    private func evict(_ index: Int) {
        forget(index)
        tally.eviction()
    }

    private func forget(_ index: Int) {
        guard places[index].identity != nil else { return }
        count -= 1
        bytes -= places[index].token.count
        places[index] = Place()
        hashes[index] = 0
    }

    private static func areSame(_ left: [UInt8], _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        return left.withUnsafeBytes { left in
            right.withUnsafeBytes { right in
                guard let left = left.baseAddress, let start = right.baseAddress else { return right.isEmpty }
                return memcmp(left, start, right.count) == 0
            }
        }
    }
}

extension [UInt8] {
    /// Exactly these bytes and no room behind them.
    fileprivate init(copying bytes: Span<UInt8>) {
        self = bytes.withUnsafeBufferPointer { Array($0) }
    }
}
