using Countersign.Core;
using Countersign.Core.Identity;

namespace Countersign.Server.Channels;

/// <summary>The codes that people made and nobody entered yet.</summary>
internal sealed class LinkCodes(TimeProvider time, FillRandom random)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    /// <summary>Ten letters of 32: fifty bits, far beyond what so few tries could find.</summary>
    public const int Letters = 10;

    private const int MaxCodes = 1000;

    /// <summary>How often one account may be wrong before they have to wait for a lifetime.</summary>
    private const int MaxWrong = 5;

    /// <summary>Without letters that are mistaken for others.</summary>
    private const string Alphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

    // Guards the two below.
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (PersonId Person, DateTimeOffset Until)> _codes = [];
    private readonly Dictionary<ChannelAccount, (int Wrong, DateTimeOffset Until)> _guessers = [];

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
    public PersonId? Consume(string entered, ChannelAccount account)
    {
        var code = string.Concat(entered.Where(char.IsAsciiLetterOrDigit)).ToUpperInvariant();
        lock (_lock)
        {
            Forget_NeedsLock(person: null);
            var wrong = _guessers.GetValueOrDefault(account).Wrong;
            if (wrong < MaxWrong && _codes.Remove(code, out var found))
            {
                return found.Person;
            }

            if (_guessers.Count < MaxCodes || _guessers.ContainsKey(account))
            {
                _guessers[account] = (wrong + 1, time.GetUtcNow() + Lifetime);
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

        foreach (var (account, guesser) in _guessers.ToList())
        {
            if (guesser.Until <= now)
            {
                _guessers.Remove(account);
            }
        }
    }
}
