using Countersign.Core;
using Countersign.Core.Identity;
using Countersign.Core.Reviews;
using Countersign.Server.Console.Sessions;
using Microsoft.AspNetCore.Http;

namespace Countersign.Server.Console;

/// <summary>One request of a signed-in person, with the charter that holds for all of it.</summary>
internal sealed record Visit(HttpContext Context, ConsoleSession Session, Person Person, Charter Charter)
{
    public Voter Voter => Session.Voter;

    public CancellationToken Aborted => Context.RequestAborted;
}
