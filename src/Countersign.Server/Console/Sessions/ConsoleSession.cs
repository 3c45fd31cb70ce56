using Countersign.Core.Identity;
using Countersign.Core.Reviews;

namespace Countersign.Server.Console.Sessions;

/// <summary>
/// One signed-in browser. It says who signed in and how; what that person may do is looked up at each request.
/// </summary>
internal sealed class ConsoleSession(Voter voter, string formToken, DateTimeOffset createdAt)
{
    private Notice? _notice;

    public Voter Voter { get; } = voter;

    /// <summary>The token that every form of this session carries back.</summary>
    public string FormToken { get; } = formToken;

    public DateTimeOffset CreatedAt { get; } = createdAt;

    /// <summary>
    /// Whom the proxy in front named at sign-in; <c>null</c> when it did not. Every request has to be of the same one.
    /// </summary>
    public Subject? Proxied { get; init; }

    /// <summary>When the person last did something; live updates do not count. Guarded by the store's lock.</summary>
    public DateTimeOffset LastSeen { get; set; } = createdAt;

    /// <summary>
    /// Keeps what a form led to for the page that follows. It stays on this side, because a notice in the address
    /// could be forged by a link.
    /// </summary>
    public void Leave(Notice notice) => Interlocked.Exchange(ref _notice, notice);

    /// <summary>The notice for this page, once.</summary>
    public Notice? TakeNotice(string page) =>
        Volatile.Read(ref _notice) is { } notice && notice.Page == page
            && Interlocked.CompareExchange(ref _notice, null, notice) == notice
            ? notice
            : null;
}

/// <summary>What became of a form, in words, for the page at this address.</summary>
internal sealed record Notice(string Page, bool Recorded, string Text);
