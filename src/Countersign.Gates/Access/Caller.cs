using Countersign.Core.Identity;
using Countersign.Core.Reviews;

namespace Countersign.Gates.Access;

/// <summary>Who is at the other end of a connection. Agents ask, people decide; no caller is both.</summary>
internal abstract record Caller
{
    private Caller()
    {
    }

    public sealed record OfAgent(Asker Asker) : Caller;

    public sealed record OfPerson(Voter Voter) : Caller;
}
