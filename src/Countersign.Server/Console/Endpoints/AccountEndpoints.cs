using System.Collections.Immutable;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Server.Channels.Slack;
using Countersign.Server.Console.Pages;
using Countersign.Server.Console.Sessions;
using Countersign.Server.Console.Views;
using Microsoft.AspNetCore.Http;

namespace Countersign.Server.Console.Endpoints;

/// <summary>
/// A person's own accounts in Slack: which stand for them, and the code by which they link another. A weak sign-in
/// makes no code, because a click in Slack would then count for more than the sign-in that allowed it.
/// </summary>
internal sealed class AccountEndpoints(
    SlackOptions slack, IsRegistered isRegistered, SlackLinks links, SlackCodes codes, PageWriter pages)
{
    private const string Address = "/console/accounts";

    private const Assurance Least = Assurance.Session;

    public Task ShowAsync(Visit visit) => WriteAsync(visit, code: null);

    public Task MakeCodeAsync(Visit visit, IFormCollection form) =>
        WriteAsync(visit, WhyNoCode(visit) is null ? Readable(codes.Create(visit.Person.Id)) : null);

    public async Task UnlinkAsync(Visit visit, IFormCollection form)
    {
        var linked = await links.OfAsync(visit.Person.Id, visit.Aborted);
        if (linked.FirstOrDefault(link => link.Account.ToString() == form["account"]) is not { } link)
        {
            visit.SendTo(new Notice(Address, Recorded: false, "This account is not linked to you."));
            return;
        }

        await links.UnlinkAsync(link.Account, visit.Person.Id, visit.Aborted);
        visit.SendTo(new Notice(Address, Recorded: true, "The account does not stand for you any more."));
    }

    private async Task WriteAsync(Visit visit, string? code)
    {
        var linked = await links.OfAsync(visit.Person.Id, visit.Aborted);
        var accounts = slack.Accounts
            .Where(account => account.Value == visit.Person.Id && isRegistered(account.Value, account.Key))
            .Select(account => new AccountView(account.Key.ToString(), IsLinked: false))
            .Concat(linked.Select(link => new AccountView(link.Account.ToString(), IsLinked: true)))
            .OrderBy(account => account.Account, StringComparer.Ordinal)
            .ToImmutableArray();
        await pages.WritePageAsync<AccountsPage>(
            visit.Context,
            200,
            Frames.For("Accounts", visit),
            new AccountListView(accounts, code, WhyNoCode(visit)) { Notice = visit.TakeNotice(Address) });
    }

    private static string? WhyNoCode(Visit visit) => visit.Voter.Assurance >= Least
        ? null
        : $"You are signed in {Words.Of(visit.Voter.Assurance)}, which counts as " +
            $"'{visit.Voter.Assurance.ToText()}'. Linking an account asks for '{Least.ToText()}' or stronger: sign " +
            "in another way, or have the account written into the configuration.";

    /// <summary>In two halves, as people read it to themselves; entering it takes no dash.</summary>
    private static string Readable(string code) => $"{code[..(code.Length / 2)]}-{code[(code.Length / 2)..]}";
}
