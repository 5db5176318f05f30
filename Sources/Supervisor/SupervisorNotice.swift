/// What a supervisor tells the journal.
public enum SupervisorNotice: Sendable {
    case started(pid: Int32, port: UInt16?)
    case ready(pid: Int32)
    case ended(ChildEnd)
    case startsAgain(seconds: Double)
    /// The child is not started again: somebody should look.
    case gaveUp(SupervisorFault)
    case rotated(ChildPlan.Rotation)
    case stopped
}
