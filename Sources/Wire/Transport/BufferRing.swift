import NIOCore

/// Buffers for what is copied and soon forgotten: a request's bytes until its answer is out, a head until it is sent.
///
/// The buffers go round. One whose last holder has let go of it by the time its turn comes is used again; otherwise
/// another takes its place, so nothing depends on how long anybody holds one. Memory: up to 512 KiB a loop. Getting
/// blocks of this size from the system's allocator and giving them back took about 0.2 µs each.
struct BufferRing {
    private static let places = 256
    /// The most bytes that get a buffer of the ring.
    static let size = 2048

    private var buffers: ContiguousArray<ByteBuffer> = []
    private var next = 0

    /// A buffer with these bytes.
    mutating func buffer(copying bytes: UnsafeRawBufferPointer) -> ByteBuffer {
        guard bytes.count <= Self.size else { return ByteBuffer(bytes: bytes) }
        guard buffers.count == Self.places else {
            buffers.append(Self.fresh(bytes))
            return buffers[buffers.count - 1]
        }
        let place = next
        next = (place + 1) % Self.places
        let reused: Void? = buffers[place].modifyIfUniquelyOwned { buffer in
            buffer.clear()
            buffer.writeBytes(bytes)
        }
        if reused == nil { buffers[place] = Self.fresh(bytes) }
        return buffers[place]
    }

    private static func fresh(_ bytes: UnsafeRawBufferPointer) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: size)
        buffer.writeBytes(bytes)
        return buffer
    }
}
