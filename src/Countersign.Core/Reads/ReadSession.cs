using Countersign.Core.Actions;
using Countersign.Core.Identity;

namespace Countersign.Core.Reads;

/// <summary>Whose reads they are, of which target, and how they came in.</summary>
public sealed record ReadSession(Asker Asker, Target Target, GateKind Via)
{
    public Claimed Claimed { get; init; } = Claimed.Nothing;
}
