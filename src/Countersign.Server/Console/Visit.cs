using Countersign.Core;
using Countersign.Core.Identity;
using Countersign.Core.Reviews;
using Countersign.Server.Console.Sessions;
using Countersign.Server.Console.Views;
using Microsoft.AspNetCore.Http;

namespace Countersign.Server.Console;

/// <summary>One request of a signed-in person, with the charter that holds for all of it.</summary>
internal sealed record Visit(HttpContext Context, ConsoleSession Session, Person Person, Charter Charter)
{
    public Voter Voter => Session.Voter;

    public CancellationToken Aborted => Context.RequestAborted;

    /// <summary>What the last form led to, if this is its page; once.</summary>
    public NoticeView? TakeNotice(string page) =>
        Session.TakeNotice(page) is { } left ? new NoticeView(left.Recorded, left.Text) : null;

    /// <summary>Ends a form: shows its page again, with what became of it.</summary>
    public void SendTo(Notice notice)
    {
        Session.Leave(notice);
        Context.Response.StatusCode = StatusCodes.Status303SeeOther;
        Context.Response.Headers.Location = notice.Page;
    }
}
