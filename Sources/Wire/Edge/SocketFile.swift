import Glibc
import NIOCore

/// The file of a Unix socket, as it was when the socket was bound.
struct SocketFile: Sendable {
    private let path: String
    private let device: dev_t
    private let inode: ino_t

    /// `nil` when there is no such file.
    init?(_ path: String) {
        guard let status = Self.status(path) else { return nil }
        self.path = path
        device = status.st_dev
        inode = status.st_ino
    }

    /// Removes the file, unless another process has put its own there meanwhile.
    func remove() {
        guard let status = Self.status(path), status.st_dev == device, status.st_ino == inode else { return }
        unlink(path)
    }

    /// Whether a process listens at this file.
    static func isAnswered(at address: SocketAddress) -> Bool {
        let kind = SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue
        let descriptor = Descriptor(number: socket(AF_UNIX, Int32(kind), 0))
        defer { descriptor.close() }
        let result = address.withSockAddr { connect(descriptor.number, $0, socklen_t($1)) }
        // Not at once means that its backlog is full.
        return result == 0 || errno == EAGAIN
    }

    /// Removes a socket that is left there; nothing else.
    static func removeSocket(at path: String) {
        guard let status = status(path), status.st_mode & S_IFMT == S_IFSOCK else { return }
        unlink(path)
    }

    private static func status(_ path: String) -> stat? {
        var status = stat()
        return lstat(path, &status) == 0 ? status : nil
    }
}
