using System.Collections.Immutable;
using System.Text.Json;

namespace Countersign.Server.Channels.Teams;

/// <summary>One posting of a card: where it is, and what it shows.</summary>
/// <param name="Reader">The account it went to; empty for the channel's thread.</param>
/// <param name="Service">At which connector.</param>
/// <param name="Conversation">In which conversation.</param>
/// <param name="Activity">The connector's name for it, by which it is changed.</param>
/// <param name="Shown">A mark of what it shows, so that nothing is sent that stands there already.</param>
internal sealed record TeamsPosting(string Reader, Uri Service, string Conversation, string Activity, string Shown);

/// <summary>All postings of one action, as the store keeps them.</summary>
internal sealed record TeamsPlace(ImmutableArray<TeamsPosting> Postings)
{
    public static TeamsPlace Nowhere { get; } = new([]);

    /// <summary>What cannot be read is nowhere: then there is a second posting, and never none.</summary>
    public static TeamsPlace Parse(string? text)
    {
        try
        {
            return text is null
                ? Nowhere
                : new TeamsPlace([.. JsonSerializer.Deserialize<TeamsPosting[]>(text) ?? []]);
        }
        catch (JsonException)
        {
            return Nowhere;
        }
    }

    public TeamsPosting? Find(string reader) => Postings.FirstOrDefault(posting => posting.Reader == reader);

    public TeamsPlace With(TeamsPosting posting) => new([.. Without(posting.Reader).Postings, posting]);

    public TeamsPlace Without(string reader) => new([.. Postings.Where(posting => posting.Reader != reader)]);

    public override string ToString() => JsonSerializer.Serialize(Postings.ToArray());
}
