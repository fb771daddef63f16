"""What is blanked in all that is shown or shared."""
