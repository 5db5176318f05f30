extension Configuration {
    /// One thing that is wrong with what the operator wrote. Names keys, variables and flags, never their values: any
    /// value may be a secret in the wrong place.
    public struct Fault: Hashable, Sendable, CustomStringConvertible {
        public let place: Place
        /// What is wrong: lower case, no full stop.
        public let message: String
        /// What to do about it.
        public let hint: String?

        public init(place: Place, message: String, hint: String? = nil) {
            self.place = place
            self.message = message
            self.hint = hint
        }

        /// `file:line:column: message`, or the message alone where no file is at fault.
        public var description: String {
            switch place {
            case .file(let name, let line, let column): "\(name):\(line):\(column): \(message)"
            case .variable, .flag, .nowhere: message
            }
        }
    }

    /// Where a value came from, or should have come from.
    public enum Place: Hashable, Sendable {
        /// Line and column count from 1; columns count Unicode scalars.
        case file(String, line: Int, column: Int)
        case variable(String)
        case flag(String)
        case nowhere
    }

    /// Every fault of one reading, those of the file first and in its order. Never empty.
    public struct Faults: Error, Sendable {
        public let all: [Fault]

        public init(all: [Fault]) {
            self.all = all
        }
    }
}
