import Glibc
import NIOCore

// The options that somebody here asks for; any other is refused.
extension SocketChannel {
    func setOption<Option: ChannelOption>(_ option: Option, value: Option.Value) -> EventLoopFuture<Void> {
        guard loop.isCurrent else { return loop.submit { try self.set(option, value) } }
        return loop.makeCompletedFuture { try set(option, value) }
    }

    func getOption<Option: ChannelOption>(_ option: Option) -> EventLoopFuture<Option.Value> {
        guard loop.isCurrent else { return loop.submit { try self.get(option) } }
        return loop.makeCompletedFuture { try get(option) }
    }

    var syncOptions: (any NIOSynchronousChannelOptions)? { SynchronousOptions(channel: self) }

    private struct SynchronousOptions: NIOSynchronousChannelOptions {
        let channel: SocketChannel

        func setOption<Option: ChannelOption>(_ option: Option, value: Option.Value) throws {
            try channel.set(option, value)
        }

        func getOption<Option: ChannelOption>(_ option: Option) throws -> Option.Value {
            try channel.get(option)
        }
    }

    private func set<Option: ChannelOption>(_ option: Option, _ value: Option.Value) throws {
        guard isOpen else { throw ChannelError.ioOnClosedChannel }
        switch (option, value) {
        case (is ChannelOptions.Types.AutoReadOption, let value as Bool): setAutoRead(value)
        case (is ChannelOptions.Types.AllowRemoteHalfClosureOption, let value as Bool): allowsHalfClosure = value
        case (
            is ChannelOptions.Types.WriteBufferWaterMarkOption, let value as ChannelOptions.Types.WriteBufferWaterMark
        ):
            watermark = (value.low, value.high)
        case (let option as ChannelOptions.Types.SocketOption, let value):
            try setSocketOption(option.optionLevel.rawValue, option.optionName.rawValue, value)
        default: throw ChannelError.operationUnsupported
        }
    }

    private func get<Option: ChannelOption>(_ option: Option) throws -> Option.Value {
        guard isOpen else { throw ChannelError.ioOnClosedChannel }
        let value: Any =
            switch option {
            case is ChannelOptions.Types.AutoReadOption: autoRead
            case is ChannelOptions.Types.AllowRemoteHalfClosureOption: allowsHalfClosure
            case is ChannelOptions.Types.WriteBufferWaterMarkOption:
                ChannelOptions.Types.WriteBufferWaterMark(low: watermark.low, high: watermark.high)
            case is ChannelOptions.Types.BufferedWritableBytesOption: waiting
            default: throw ChannelError.operationUnsupported
            }
        guard let value = value as? Option.Value else { throw ChannelError.operationUnsupported }
        return value
    }

    private func setAutoRead(_ isOn: Bool) {
        guard autoRead != isOn else { return }
        autoRead = isOn
        if isOn { pipeline.syncOperations.read() }
    }

    private func setSocketOption<Value>(_ level: Int32, _ name: Int32, _ value: Value) throws {
        guard descriptor.set(level, name, value) else { throw IOError(errnoCode: errno, reason: "setsockopt") }
    }
}
