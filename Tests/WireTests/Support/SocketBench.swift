import Glibc
import NIOCore
import OstiaryCore
import OstiaryTesting

@testable import OstiaryWire

/// A transport on one end of a pair of sockets, and a loop that is turned by hand.
final class SocketBench {
    let loop = Loop(turnedByHand: SystemClock())
    let owner = RecordingOwner()
    let transport: SocketTransport
    private(set) var peer: Socket?

    /// - Parameters:
    ///   - side: who the peer is taken for.
    ///   - isTCP: a connection over loopback in place of a pair of Unix sockets.
    ///   - keepsBoundaries: whether each system call of the transport is one read of the peer's.
    init(_ side: SocketStream.Side, isTCP: Bool = false, keepsBoundaries: Bool = false) throws {
        let ours: Descriptor
        (ours, peer) = isTCP ? try Self.connection() : try Self.pair(keepsBoundaries: keepsBoundaries)
        transport = SocketTransport(ours, to: side, on: loop, owner: owner)
        transport.start()
    }

    deinit {
        transport.resetNow()
        loop.run()
    }

    /// Both ends, nonblocking.
    static func descriptors(isTCP: Bool) throws -> (Descriptor, Descriptor) {
        let (ours, peer) = isTCP ? try connection() : try pair()
        return (ours, try nonblocking(dup(peer.descriptor)))
    }

    static func pair(keepsBoundaries: Bool = false) throws -> (Descriptor, Socket) {
        var pair: [Int32] = [-1, -1]
        let kind = (keepsBoundaries ? SOCK_SEQPACKET : SOCK_STREAM).rawValue | SOCK_CLOEXEC.rawValue
        guard socketpair(AF_UNIX, Int32(kind), 0, &pair) == 0 else { throw NothingHappened("a pair of sockets") }
        return (try nonblocking(pair[0]), Socket(descriptor: pair[1]))
    }

    static func connection() throws -> (Descriptor, Socket) {
        let (listening, port) = try Socket.listen()
        let peer = try Socket.connect(port: port)
        guard let accepted = listening.accept(milliseconds: 10_000) else { throw NothingHappened("a connection") }
        return (try nonblocking(dup(accepted.descriptor)), peer)
    }

    private static func nonblocking(_ number: Int32) throws -> Descriptor {
        guard fcntl(number, F_SETFL, O_NONBLOCK) == 0 else { throw NothingHappened("a nonblocking socket") }
        return Descriptor(number: number)
    }

    /// Reads what the peer has, turning the loop until nothing more comes or this many bytes have.
    func peerReads(atMost limit: Int = .max) -> [UInt8] {
        var all: [UInt8] = []
        loop.run()
        while all.count < limit, case .bytes(let more) = peer?.read(milliseconds: 200) {
            all += more
            loop.run()
        }
        return all
    }

    /// Closes the peer's socket.
    func leave(byReset: Bool) {
        if byReset { peer?.resetOnClose() }
        peer = nil
    }

    func send(_ text: String) {
        peer?.write(text.utf8)
        loop.run()
    }
}
