public import NIOCore
import Synchronization

/// A request to a provider, its head ready made: the gate's own bytes, nothing of the client's head.
public final class UpstreamRequest: Sendable {
    public let target: UpstreamTarget
    /// Request line and fields, written as for HTTP/1.1, up to, not including, the framing field and the empty line.
    public let head: ByteBuffer
    public let isHEAD: Bool
    /// Whether the method has a body, so that an empty one is announced too.
    public let hasBody: Bool
    /// What of the body is at hand.
    public let body: ByteBuffer
    /// The body's whole length when it is known, else its end is told when it comes.
    public let length: Int?
    /// Whether `body` is all of it, so that the request can be sent once more.
    public let isWhole: Bool

    public init(
        to target: UpstreamTarget,
        head: ByteBuffer,
        isHEAD: Bool,
        hasBody: Bool,
        body: ByteBuffer,
        length: Int?,
        isWhole: Bool
    ) {
        self.target = target
        self.head = head
        self.isHEAD = isHEAD
        self.hasBody = hasBody
        self.body = body
        self.length = length
        self.isWhole = isWhole
    }

    /// A question of the gate's own: a GET, or a POST with all of its body.
    public convenience init(asking target: UpstreamTarget, head: ByteBuffer, posting body: [UInt8]? = nil) {
        self.init(
            to: target,
            head: head,
            isHEAD: false,
            hasBody: body != nil,
            body: ByteBuffer(bytes: body ?? []),
            length: body?.count ?? 0,
            isWhole: true
        )
    }
}

/// Where requests go, and with how much patience. Connections are shared only among requests to one and the same
/// target, so that no two credentials use one connection (SEC-509).
public final class UpstreamTarget: Sendable {
    public let origin: Origin
    public let settings: DialSettings
    private let isLeft = Atomic<Bool>(false)
    private let isKnownForHTTP2 = Atomic<Bool>(false)
    let addresses: TargetAddresses
    let trust: Trust?
    public let breaker: Breaker?

    /// - Parameters:
    ///   - addresses: `nil` for what the origin's name says by itself, asked of the system's resolver.
    ///   - trust: whom TLS believes; `nil` for whom the worker does.
    ///   - breaker: notes how the target is; `nil` where whoever asks keeps count himself.
    public init(
        _ origin: Origin,
        settings: DialSettings = DialSettings(),
        addresses: TargetAddresses? = nil,
        trust: Trust? = nil,
        breaker: Breaker? = nil
    ) {
        self.origin = origin
        self.settings = settings
        self.addresses = addresses ?? TargetAddresses(AddressBook(), AddressRules(for: origin))
        self.trust = trust
        self.breaker = breaker
    }

    /// The same target with connections of its own, for another credential (SEC-509).
    public func apart() -> UpstreamTarget {
        UpstreamTarget(origin, settings: settings, addresses: addresses, trust: trust, breaker: breaker)
    }

    /// Says that no further request is meant to go there: from now on no connection is kept for one. What is under way
    /// goes on.
    public func leave() { isLeft.store(true, ordering: .relaxed) }

    /// Whether the last connection agreed to HTTP/2, on whichever worker that was.
    var speaksHTTP2: Bool {
        get { isKnownForHTTP2.load(ordering: .relaxed) }
        set { isKnownForHTTP2.store(newValue, ordering: .relaxed) }
    }

    var keepsConnections: Bool { !isLeft.load(ordering: .relaxed) }
}
