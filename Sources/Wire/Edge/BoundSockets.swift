import Glibc
import NIOCore
import NIOPosix

/// A door's sockets, bound and listening, that nobody takes connections from yet.
struct BoundSockets: Sendable {
    /// Connections that may wait in the kernel, for each socket.
    static let backlog: Int32 = 1024

    /// Bytes that the kernel takes for a client beyond what is under way to it. Without a bound it takes megabytes for
    /// one that reads nothing, and the provider is held back only when those are full.
    private static let unsent: Int32 = 128 * 1024

    /// One for each worker.
    let descriptors: [Descriptor]
    /// Whether all stand for one socket.
    let isShared: Bool
    let local: SocketAddress?
    let file: SocketFile?

    /// Binds sockets and lets them listen.
    /// - Parameter overlap: whether another process of the same user may be listening there.
    /// - Throws: `IOError` with `EADDRINUSE` when another listens there, or with what else the system says.
    static func bind(_ place: Listener.Place, count: Int, overlap: Bool) async throws -> BoundSockets {
        switch place {
        case .address(let host, let port):
            return try bind(try await address(host, port), count: count, overlap: overlap)
        case .unixSocket(let path):
            return try bind(path: path, count: count, overlap: overlap)
        }
    }

    private static func address(_ host: String, _ port: Int) async throws -> SocketAddress {
        if let literal = try? SocketAddress(ipAddress: host, port: port) { return literal }
        // The system's resolver blocks.
        return try await NIOThreadPool.singleton.runIfActive {
            try SocketAddress.makeAddressResolvingHost(host, port: port)
        }
    }

    // MARK: Network

    /// Each socket has the kernel's leave to share the port with others of the same user (SO_REUSEPORT), which is what
    /// spreads connections over the workers. The first one asks for that leave only after it was bound, unless an
    /// overlap is wanted: bound without, it finds out whether anybody else is there, and nobody can come in between.
    private static func bind(_ address: SocketAddress, count: Int, overlap: Bool) throws(IOError) -> BoundSockets {
        var address = address
        var descriptors: [Descriptor] = []
        do throws(IOError) {
            for index in 0..<count {
                let sharesFromTheStart = overlap || index > 0
                let descriptor = try Descriptor.listening(address) { descriptor throws(IOError) in
                    descriptor.set(SOL_SOCKET, SO_REUSEADDR, Int32(1))
                    // Connections inherit these, which saves a call for each.
                    descriptor.set(Int32(IPPROTO_TCP), TCP_NODELAY, Int32(1))
                    descriptor.set(Int32(IPPROTO_TCP), TCP_NOTSENT_LOWAT, unsent)
                    if sharesFromTheStart { try descriptor.share() }
                    try descriptor.bind(to: address)
                    if !sharesFromTheStart { try descriptor.share() }
                }
                descriptors.append(descriptor)
                // The system has chosen a port for the first; the others stand at the same.
                if index == 0, let local = descriptor.localAddress { address = local }
            }
        } catch {
            for descriptor in descriptors { descriptor.close() }
            throw error
        }
        return BoundSockets(descriptors: descriptors, isShared: false, local: address, file: nil)
    }

    // MARK: Unix socket

    private static func bind(path: String, count: Int, overlap: Bool) throws -> BoundSockets {
        let address = try SocketAddress(unixDomainSocketPath: path)
        guard overlap || !SocketFile.isAnswered(at: address) else {
            throw IOError(errnoCode: EADDRINUSE, reason: "bind")
        }
        // Made beside the other's file and then put in its place, so that there is always one to connect to.
        let made = overlap ? "\(path).\(getpid())" : path
        SocketFile.removeSocket(at: made)
        let madeAddress = try SocketAddress(unixDomainSocketPath: made)
        let first = try Descriptor.listening(madeAddress) { descriptor throws(IOError) in
            try descriptor.bind(to: madeAddress)
            guard made == path || rename(made, path) == 0 else {
                let code = errno
                unlink(made)
                throw IOError(errnoCode: code, reason: "rename")
            }
        }
        var descriptors = [first]
        while descriptors.count < count {
            let copy = fcntl(first.number, F_DUPFD_CLOEXEC, 0)
            guard copy >= 0 else {
                let code = errno
                for descriptor in descriptors { descriptor.close() }
                throw IOError(errnoCode: code, reason: "dup")
            }
            descriptors.append(Descriptor(number: copy))
        }
        return BoundSockets(descriptors: descriptors, isShared: true, local: address, file: SocketFile(path))
    }
}

extension Descriptor {
    /// A socket that listens at an address; closed again when `bind` throws or the system refuses.
    fileprivate static func listening(
        _ address: SocketAddress,
        _ bind: (Descriptor) throws(IOError) -> Void
    ) throws(IOError) -> Descriptor {
        let kind = SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue
        let descriptor = Descriptor(number: socket(address.protocol.rawValue, Int32(kind), 0))
        guard descriptor.number >= 0 else { throw IOError(errnoCode: errno, reason: "socket") }
        do throws(IOError) {
            try bind(descriptor)
            guard listen(descriptor.number, BoundSockets.backlog) == 0 else {
                throw IOError(errnoCode: errno, reason: "listen")
            }
        } catch {
            descriptor.close()
            throw error
        }
        return descriptor
    }

    fileprivate func share() throws(IOError) {
        guard set(SOL_SOCKET, SO_REUSEPORT, Int32(1)) else { throw IOError(errnoCode: errno, reason: "SO_REUSEPORT") }
    }

    fileprivate func bind(to address: SocketAddress) throws(IOError) {
        let result = address.withSockAddr { Glibc.bind(number, $0, socklen_t($1)) }
        guard result == 0 else { throw IOError(errnoCode: errno, reason: "bind") }
    }
}
