// expect: 'bytes' is inaccessible due to 'internal' protection level
// SEC-003
import OstiaryWire

// What was received can be asked for its meaning only; nobody behind the edge reads it again.
func readAgain(_ head: RequestHead) -> Int {
    head.bytes.readableBytes
}
