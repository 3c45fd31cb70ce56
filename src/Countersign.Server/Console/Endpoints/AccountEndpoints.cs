using System.Collections.Immutable;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Server.Channels;
using Countersign.Server.Console.Pages;
using Countersign.Server.Console.Sessions;
using Countersign.Server.Console.Views;
using Microsoft.AspNetCore.Http;

namespace Countersign.Server.Console.Endpoints;

/// <summary>
/// A person's own accounts in chats: which stand for them, and the code by which they link another. A weak sign-in
/// makes no code, because a click in a chat would then count for more than the sign-in that allowed it.
/// </summary>
internal sealed class AccountEndpoints(
    AccountBook accounts, AccountLinks links, LinkCodes codes, IEnumerable<ChannelHealth> channels, PageWriter pages)
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
        var held = (await accounts.OfAsync(visit.Person.Id, visit.Aborted))
            .Select(account => new AccountView(
                TitleOf(account.Account.Channel), account.Account.ToString(), account.Account.Id, account.IsLinked))
            .ToImmutableArray();
        await pages.WritePageAsync<AccountsPage>(
            visit.Context,
            200,
            Frames.For("Accounts", visit),
            new AccountListView(held, code, WhyNoCode(visit)) { Notice = visit.TakeNotice(Address) });
    }

    private static string? WhyNoCode(Visit visit) => visit.Voter.Assurance >= Least
        ? null
        : $"You are signed in {Words.Of(visit.Voter.Assurance)}, which counts as " +
            $"'{visit.Voter.Assurance.ToText()}'. Linking an account asks for '{Least.ToText()}' or stronger: sign " +
            "in another way, or have the account written into the configuration.";

    private string TitleOf(string channel) =>
        channels.FirstOrDefault(each => each.Name == channel)?.Title ?? channel;

    /// <summary>In two halves, as people read it to themselves; entering it takes no dash.</summary>
    private static string Readable(string code) => $"{code[..(code.Length / 2)]}-{code[(code.Length / 2)..]}";
}
