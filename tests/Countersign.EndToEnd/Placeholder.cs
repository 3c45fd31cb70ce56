namespace Countersign.EndToEnd;
