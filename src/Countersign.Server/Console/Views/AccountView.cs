using System.Collections.Immutable;

namespace Countersign.Server.Console.Views;

/// <summary>The accounts in chats of the person who looks.</summary>
/// <param name="Accounts">Those that stand for them, and whether they may be unlinked here.</param>
/// <param name="Code">A code that was just made.</param>
/// <param name="WhyNoCode">Why none can be made with this sign-in.</param>
public sealed record AccountListView(
    ImmutableArray<AccountView> Accounts, string? Code, string? WhyNoCode)
{
    public NoticeView? Notice { get; init; }
}

/// <param name="Channel">The chat, as people call it.</param>
/// <param name="Account">What names the account in forms.</param>
/// <param name="Id">What the chat calls it.</param>
/// <param name="IsLinked">Whether the person linked it, and may end that.</param>
public sealed record AccountView(string Channel, string Account, string Id, bool IsLinked);
