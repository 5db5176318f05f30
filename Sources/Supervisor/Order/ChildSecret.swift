public import OstiaryCore

/// A secret that a child is lent, and how it gets it. Never in its argument list, and in its environment only where it
/// can read nothing else.
public struct ChildSecret: Sendable {
    public enum Way: String, Hashable, Sendable {
        /// The variable holds the path of a descriptor, `/dev/fd/N`, of memory that nobody else can open.
        case descriptor
        /// The variable holds the path of a file of mode 600 in a private folder in memory.
        case file
        /// The variable holds the secret itself: every process below can see it, and so can whoever may look into one.
        case variable
    }

    /// The name of the variable.
    public let name: String
    public let way: Way
    let holder: SecretHolder

    /// - Throws: `SupervisorFault.unusable` for a name that is no variable's.
    public init(_ name: String, _ way: Way, _ holder: SecretHolder) throws(SupervisorFault) {
        guard ChildEnvironment.isName(name) else {
            throw .unusable("a variable's name is 1 to 128 of A-Z a-z 0-9 _, and does not begin with a digit")
        }
        self.name = name
        self.way = way
        self.holder = holder
    }
}
