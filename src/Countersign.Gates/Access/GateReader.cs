using Countersign.Core.Actions;

namespace Countersign.Gates.Access;

/// <summary>
/// How requests over the API for targets of one gate are read: its facts, its canonical arguments. A gate registers
/// one beside itself; without one a request stands as it was asked, with the facts that every gate has.
/// </summary>
internal sealed record GateReader(GateKind Gate, CompleteAsking Complete);
