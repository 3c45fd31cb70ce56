namespace Countersign.Server.Channels;

/// <summary>
/// Links an account to a person from both sides: somebody signed in at the console makes a code, and the account's user
/// enters it. Both have to be the same human, so a code works once, soon, and after few wrong guesses not at all.
/// </summary>
internal sealed class AccountLinking(LinkCodes codes, AccountLinks links, ILogger<AccountLinking> log)
{
    public const string Taken =
        "This account stands for somebody already. That person has to unlink it in the console first.";

    /// <summary>Why the code links nothing; <c>null</c> when it did.</summary>
    /// <exception cref="Core.Storage.StoreUnavailableException">Nothing is known to be recorded.</exception>
    public async Task<string?> UseCodeAsync(
        ChannelAccount account, string entered, CancellationToken cancellationToken)
    {
        if (codes.Consume(entered, account) is not { } person)
        {
            return "This code is unknown, used or too old. Make a new one in the console.";
        }

        if (!await links.LinkAsync(account, person, cancellationToken))
        {
            return Taken;
        }

        Log.AccountLinked(log, account.Channel, person);
        return null;
    }
}
