namespace Countersign.Server.Channels.Slack;

/// <summary>How much Slack takes ("Block Kit", "Rate limits"), and how much we take of it.</summary>
internal static class SlackLimits
{
    public const int Blocks = 50;
    public const int HeaderText = 150;
    public const int SectionText = 3000;
    public const int FieldText = 2000;
    public const int Fields = 10;
    public const int ContextText = 2000;
    public const int ConfirmText = 300;
    public const int InputText = 3000;

    /// <summary>The text that notifications and screen readers get.</summary>
    public const int FallbackText = 500;

    /// <summary>Largest body of an interaction: a view has at most 250 kB, and form encoding triples it.</summary>
    public const int BodyBytes = 1024 * 1024;

    /// <summary>Largest answer of Slack's API that is read.</summary>
    public const int AnswerBytes = 4 * 1024 * 1024;

    /// <summary>
    /// Slack gives up on an interaction after three seconds; what is not recorded by then is not acknowledged.
    /// </summary>
    public static readonly TimeSpan Acknowledge = TimeSpan.FromSeconds(2.5);

    /// <summary>How long one question to Slack may take while a click waits.</summary>
    public static readonly TimeSpan Question = TimeSpan.FromSeconds(1.5);

    /// <summary>How long any call may take.</summary>
    public static readonly TimeSpan Call = TimeSpan.FromSeconds(10);
}
