import Glibc
import NIOCore

/// Bytes that wait to be sent, in order. Holds nothing while there are none.
struct OutgoingBytes {
    enum Sent {
        /// All that was handed to the system.
        case whole
        /// The system has no room for more at the moment.
        case full
        case failed(errno: Int32)
    }

    private var first: ByteBuffer?
    private var rest: ContiguousArray<ByteBuffer> = []
    private(set) var count = 0

    var isEmpty: Bool { first == nil }

    mutating func append(_ bytes: ByteBuffer) {
        count += bytes.readableBytes
        if first == nil { first = bytes } else { rest.append(bytes) }
    }

    mutating func removeAll() {
        first = nil
        rest = []
        count = 0
    }

    /// Lets go of memory that is not needed for what waits; for when it will wait for long.
    mutating func compact() {
        first = first?.compacted()
        for index in rest.indices { rest[index] = rest[index].compacted() }
    }

    /// Hands to the system what there is, with one call.
    mutating func send(to descriptor: Descriptor, _ gather: Gather) -> Sent {
        guard let first else { return .whole }
        let moved: Descriptor.Moved
        let offered: Int
        if rest.isEmpty {
            offered = count
            moved = first.withUnsafeReadableBytes { descriptor.send($0) }
        } else {
            (moved, offered) = gather.send(first, rest, to: descriptor)
        }
        switch moved {
        case .bytes(let sent):
            drop(sent)
            return sent == offered ? .whole : .full
        case .wouldBlock: return .full
        case .failed(let code): return .failed(errno: code)
        }
    }

    private mutating func drop(_ sent: Int) {
        count -= sent
        guard count > 0 else { return removeAll() }
        var left = sent
        var gone = 0
        while let size = first?.readableBytes, left >= size {
            left -= size
            first = gone < rest.count ? rest[gone] : nil
            gone += 1
        }
        first?.moveReaderIndex(forwardBy: left)
        if gone > 0 { rest.removeSubrange(0..<gone) }
    }
}

/// A loop's table for handing several buffers to the system at once (sendmsg(2)).
final class Gather {
    /// Buffers in one call.
    private static let limit = 64
    private let parts = UnsafeMutablePointer<iovec>.allocate(capacity: Gather.limit)

    deinit { parts.deallocate() }

    /// Sends as many of these as one call takes.
    fileprivate func send(
        _ first: ByteBuffer,
        _ rest: ContiguousArray<ByteBuffer>,
        to descriptor: Descriptor
    ) -> (Descriptor.Moved, offered: Int) {
        var offered = 0
        var count = 0
        // The pointers stay good to the end of this call: the buffers are held by whoever called and do not change.
        func add(_ bytes: ByteBuffer) {
            bytes.withUnsafeReadableBytes { room in
                parts[count] = iovec(
                    iov_base: UnsafeMutableRawPointer(mutating: room.baseAddress),
                    iov_len: room.count
                )
                offered += room.count
                count += 1
            }
        }
        add(first)
        for bytes in rest.prefix(Self.limit - 1) { add(bytes) }
        return withExtendedLifetime((first, rest)) { (descriptor.send(parts, count: count), offered) }
    }
}
