using System.Collections.Immutable;

namespace Countersign.Server.Console.Views;

/// <summary>The Slack accounts of the person who looks.</summary>
/// <param name="Accounts">Those that stand for them, and whether they may be unlinked here.</param>
/// <param name="Code">A code that was just made.</param>
/// <param name="WhyNoCode">Why none can be made with this sign-in.</param>
public sealed record AccountListView(
    ImmutableArray<AccountView> Accounts, string? Code, string? WhyNoCode)
{
    public NoticeView? Notice { get; init; }
}

public sealed record AccountView(string Account, bool IsLinked);
