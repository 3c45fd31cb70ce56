namespace Countersign.Server.Channels.Teams;

/// <summary>How much Teams takes ("Format your bot messages", "Rate limits"), and how much we take of it.</summary>
internal static class TeamsLimits
{
    /// <summary>Characters of one posting: Teams counts two bytes each, refuses 100 KB and asks for 80.</summary>
    public const int PostingCharacters = 40 * 1024;

    /// <summary>Arguments that are longer are read where they can be searched.</summary>
    public const int ExactCharacters = 3000;

    /// <summary>A card that is longer than a few screens is not read to its end.</summary>
    public const int ExactLines = 64;

    /// <summary>One paragraph of everything else.</summary>
    public const int Text = 2000;

    /// <summary>What notifications and screen readers get.</summary>
    public const int Summary = 300;

    /// <summary>What a person may type into one input.</summary>
    public const int InputText = 4000;

    /// <summary>How many people get a card of their own by themselves ("User specific views").</summary>
    public const int RefreshedUsers = 60;

    /// <summary>Largest body of an activity that is read.</summary>
    public const int BodyBytes = 256 * 1024;

    /// <summary>Largest answer of the connector or the token service that is read.</summary>
    public const int AnswerBytes = 1024 * 1024;

    /// <summary>How far the clock of the service that signs may be from ours, both ways.</summary>
    public static readonly TimeSpan Skew = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How long the same bytes do nothing: a token is good for a day at most, and its clock may be off both ways.
    /// </summary>
    public static readonly TimeSpan Memory = TimeSpan.FromDays(1) + (2 * Skew);

    /// <summary>Teams names no limit for an answer; people press again after three seconds.</summary>
    public static readonly TimeSpan Acknowledge = TimeSpan.FromSeconds(2.5);

    /// <summary>How long one question to Teams may take while a click waits.</summary>
    public static readonly TimeSpan Question = TimeSpan.FromSeconds(1.5);

    /// <summary>How long any call may take.</summary>
    public static readonly TimeSpan Call = TimeSpan.FromSeconds(10);
}
