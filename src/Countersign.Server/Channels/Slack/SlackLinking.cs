using Countersign.Core;
using Countersign.Core.Identity;
using Countersign.Core.Storage;

namespace Countersign.Server.Channels.Slack;

/// <summary>
/// Links a Slack account to a person from both sides: somebody signed in at the console makes a code, and the Slack
/// user enters it. Both have to be the same human, so a code works once, soon, and after few wrong guesses not at all.
/// </summary>
internal sealed class SlackLinking(SlackCodes codes, SlackPeople people, SlackLinks links, ILogger<SlackLinking> log)
{
    public async Task<SlackAnswer> UseCodeAsync(
        SlackInteraction.Submitted sent, CancellationToken cancellationToken)
    {
        try
        {
            return await WhyNotAsync(sent, cancellationToken) is { } why
                ? new SlackAnswer.Invalid(SlackModal.CodeBlock, why)
                : new SlackAnswer.Done();
        }
        catch (StoreUnavailableException unavailable)
        {
            Log.NotRecorded(log, unavailable.Message);
            return new SlackAnswer.Unavailable();
        }
    }

    private async Task<string?> WhyNotAsync(SlackInteraction.Submitted sent, CancellationToken cancellationToken)
    {
        var actor = sent.Actor;
        if (await people.FindAsync(actor, cancellationToken) is not SlackIdentity.Unlinked)
        {
            return "This Slack account stands for somebody already. That person has to unlink it in the console first.";
        }

        if (await people.WhyNotAsync(actor, cancellationToken) is { } why)
        {
            return why;
        }

        if (actor.Accounts.IsEmpty)
        {
            return "Slack did not say whose account this is.";
        }

        if (codes.Consume(sent.Inputs.GetValueOrDefault(SlackModal.CodeBlock, ""), actor.User) is not { } person)
        {
            return "This code is unknown, used or too old. Make a new one in the console.";
        }

        if (!await links.LinkAsync(actor.Accounts[0], person, cancellationToken))
        {
            return "This Slack account stands for somebody already. That person has to unlink it in the console first.";
        }

        Log.AccountLinked(log, person);
        return null;
    }
}

/// <summary>The codes that people made and nobody entered yet.</summary>
internal sealed class SlackCodes(TimeProvider time, FillRandom random)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    /// <summary>Ten letters of 32: fifty bits, far beyond what so few tries could find.</summary>
    public const int Letters = 10;

    private const int MaxCodes = 1000;

    /// <summary>How often one Slack user may be wrong before they have to wait for a lifetime.</summary>
    private const int MaxWrong = 5;

    /// <summary>Without letters that are mistaken for others.</summary>
    private const string Alphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

    // Guards the two below.
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (PersonId Person, DateTimeOffset Until)> _codes = [];
    private readonly Dictionary<string, (int Wrong, DateTimeOffset Until)> _guessers = [];

    /// <summary>Makes a code; an earlier one of the same person ends.</summary>
    public string Create(PersonId person)
    {
        Span<byte> bytes = stackalloc byte[Letters];
        random(bytes);
        var code = string.Concat(bytes.ToArray().Select(value => Alphabet[value % Alphabet.Length]));
        lock (_lock)
        {
            Forget_NeedsLock(person);
            if (_codes.Count >= MaxCodes)
            {
                throw new InvalidOperationException(
                    $"There are {MaxCodes} unused codes; wait until some expire before making more.");
            }

            _codes[code] = (person, time.GetUtcNow() + Lifetime);
        }

        return code;
    }

    /// <summary>Whose code it is; it works once, and for nobody who guessed too often.</summary>
    public PersonId? Consume(string entered, string user)
    {
        var code = string.Concat(entered.Where(char.IsAsciiLetterOrDigit)).ToUpperInvariant();
        lock (_lock)
        {
            Forget_NeedsLock(person: null);
            var wrong = _guessers.GetValueOrDefault(user).Wrong;
            if (wrong < MaxWrong && _codes.Remove(code, out var found))
            {
                return found.Person;
            }

            if (_guessers.Count < MaxCodes || _guessers.ContainsKey(user))
            {
                _guessers[user] = (wrong + 1, time.GetUtcNow() + Lifetime);
            }

            return null;
        }
    }

    private void Forget_NeedsLock(PersonId? person)
    {
        var now = time.GetUtcNow();
        foreach (var (code, made) in _codes.ToList())
        {
            if (made.Until <= now || made.Person == person)
            {
                _codes.Remove(code);
            }
        }

        foreach (var (user, guesser) in _guessers.ToList())
        {
            if (guesser.Until <= now)
            {
                _guessers.Remove(user);
            }
        }
    }
}
