/// What was set aside for a call before it was made: one request of the caller's rate and one concurrent slot.
///
/// Noncopyable, so it is settled once or not at all; a reservation that nobody settles gives itself back and is
/// counted as forgotten.
public struct Reservation: ~Copyable, Sendable {
    private let account: any ReservationAccount
    private let holder: Pseudonym
    private var settled = false
    /// What the caller's limit looked like after this reservation; `nil` where no rate applies.
    public let standing: RateStanding?

    public init(account: any ReservationAccount, holder: Pseudonym, standing: RateStanding?) {
        self.account = account
        self.holder = holder
        self.standing = standing
    }

    /// Ends the reservation in the ordinary way: the call is over, on whichever path.
    public consuming func settle() {
        account.settle(holder)
        settled = true
    }

    deinit {
        if !settled { account.giveBackForgotten(holder) }
    }
}

/// Where reservations come from and go back to.
public protocol ReservationAccount: AnyObject, Sendable {
    /// Frees what the holder had set aside.
    func settle(_ holder: Pseudonym)
    /// The same for a reservation that was dropped unsettled; counts it, as it means a fault of the gate's own.
    func giveBackForgotten(_ holder: Pseudonym)
}

/// A caller's rate limit at one moment, as the `X-RateLimit-*-Requests` fields show it.
public struct RateStanding: Hashable, Sendable {
    /// Requests a minute.
    public let limit: Int
    /// Whole requests left now.
    public let remaining: Int
    /// Seconds until the bucket is full again, rounded up.
    public let reset: Int

    public init(limit: Int, remaining: Int, reset: Int) {
        self.limit = limit
        self.remaining = remaining
        self.reset = reset
    }
}
