public import OstiaryCore

/// Tokens that one event loop has verified, so that each is verified once in five minutes and not once a request.
///
/// Confined to its loop: not Sendable, no lock. Known by the SHA-256 of the whole token, all 32 bytes compared. Eight
/// places for each value of the digest's low bits; when they are full the one not used for longest makes room. Only
/// successes are remembered, none longer than five minutes, than the token lives, than its key set may be used, or
/// than the key generation lasts; each of these is checked at every hit.
public final class VerifiedTokens {
    private struct Place {
        var second: UInt64 = 0
        var third: UInt64 = 0
        var fourth: UInt64 = 0
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

    /// The digests' first words, apart from the rest so that the eight of one set share a cache line.
    private var firsts: [UInt64]
    private var places: [Place]
    private let mask: Int
    private var uses: UInt64 = 0
    private let figures: VerifiedTokenFigures

    /// - Parameters:
    ///   - capacity: how many tokens to remember, rounded up to eight times a power of two.
    ///   - figures: where to count; shared by all loops.
    public init(capacity: Int = 10_000, figures: VerifiedTokenFigures) {
        var sets = 1
        while sets * Self.ways < min(capacity, 1 << 24) { sets *= 2 }
        mask = sets - 1
        firsts = Array(repeating: 0, count: sets * Self.ways)
        places = Array(repeating: Place(), count: sets * Self.ways)
        self.figures = figures
        figures.capacity.add(Int64(places.count))
    }

    deinit {
        figures.capacity.add(-Int64(places.count))
        figures.fill.add(-Int64(count))
    }

    /// How many tokens are remembered.
    public private(set) var count = 0

    /// The identity that the token with this digest was verified as, if that still holds.
    func identity(for digest: TokenDigest, now: UnixTime, at moment: MonotonicTime, generation: UInt64) -> Identity? {
        guard let index = index(of: digest), let identity = places[index].identity else {
            figures.misses.increment()
            return nil
        }
        guard places[index].generation == generation, moment < places[index].recheck, now.seconds < places[index].until
        else {
            forget(index)
            figures.misses.increment()
            return nil
        }
        // A wall clock set back can make a known token one of the future; it is not forgotten for that.
        guard places[index].from <= now.seconds else {
            figures.misses.increment()
            return nil
        }
        uses &+= 1
        places[index].used = uses
        figures.hits.increment()
        return identity
    }

    /// Remembers a token verified at `moment`.
    func remember(_ digest: TokenDigest, _ token: VerifiedToken, at moment: MonotonicTime) {
        let index = index(of: digest) ?? room(for: digest)
        if places[index].identity == nil {
            count += 1
            figures.fill.add(1)
        }
        uses &+= 1
        firsts[index] = digest.first
        places[index] = Place(
            second: digest.second,
            third: digest.third,
            fourth: digest.fourth,
            from: token.window.from,
            until: token.window.until,
            recheck: min(moment.advanced(bySeconds: Self.longest), token.keysUntil),
            generation: token.generation,
            used: uses,
            identity: token.identity
        )
    }

    private func index(of digest: TokenDigest) -> Int? {
        let start = self.start(digest)
        for index in start..<start + Self.ways where firsts[index] == digest.first {
            if places[index].second == digest.second, places[index].third == digest.third,
                places[index].fourth == digest.fourth, places[index].identity != nil
            {
                return index
            }
        }
        return nil
    }

    /// A free place for the digest, made if need be.
    private func room(for digest: TokenDigest) -> Int {
        let start = self.start(digest)
        var oldest = start
        for index in start..<start + Self.ways {
            if places[index].identity == nil { return index }
            if places[index].used < places[oldest].used { oldest = index }
        }
        forget(oldest)
        figures.evictions.increment()
        return oldest
    }

    private func start(_ digest: TokenDigest) -> Int {
        (Int(truncatingIfNeeded: digest.first) & mask) * Self.ways
    }

    private func forget(_ index: Int) {
        guard places[index].identity != nil else { return }
        places[index] = Place()
        firsts[index] = 0
        count -= 1
        figures.fill.add(-1)
    }
}

/// What the caches of verified tokens count, all loops together.
public final class VerifiedTokenFigures: Sendable {
    let hits = Counter()
    let misses = Counter()
    let evictions = Counter()
    let fill = Gauge()
    let capacity = Gauge()

    public init() {}

    public var instruments: [Instrument] {
        [
            Instrument("gw_token_cache_hits_total", .counter, "Calls whose token was verified before.") {
                [hits] in Double(hits.current)
            },
            Instrument("gw_token_cache_misses_total", .counter, "Calls whose token had to be verified.") {
                [misses] in Double(misses.current)
            },
            Instrument("gw_token_cache_evictions_total", .counter, "Verified tokens forgotten for want of room.") {
                [evictions] in Double(evictions.current)
            },
            Instrument("gw_token_cache_entries", .gauge, "Verified tokens remembered now.") {
                [fill] in Double(fill.current)
            },
            Instrument("gw_token_cache_capacity", .gauge, "Verified tokens that can be remembered.") {
                [capacity] in Double(capacity.current)
            },
        ]
    }
}
